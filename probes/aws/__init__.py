"""The kinds `aws.*`: ask AWS about something else, and read nothing but what an answer says.

All of them are witnesses: throttling, refused credentials and missing permissions are errors.  botocore
blocks, so that every look runs in a thread; clients are made in `prepare` and shared (`account`).
"""
