"""The kind `metrics_page`: an exposition, read as strictly as its format is written.

sample       one line: a name, labels, a number
types        which samples a type has, and what they may be
series       histograms and summaries, put together
page         families in their order, and everything that is wrong
text         the text format 0.0.4
openmetrics  OpenMetrics 1.0
probe        the kind
"""
