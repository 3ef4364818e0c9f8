"""The report: results files merged, drawn, and written as one web page, as Markdown and as JSON."""
