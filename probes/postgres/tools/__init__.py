"""What each migration tool writes into the database, and how that compares with its folder of migrations.

tool       what is common: what a database has recorded, what a folder holds, and the comparison
alembic django flyway knex numbered prisma
"""
