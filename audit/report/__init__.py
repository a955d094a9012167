"""report: what became of claims, in the forms that people and machines read.

    text        tables, for a terminal and for report.txt
    canonical   JSON: what is reproduced, and what was measured
    junit       XML of test runners
    sarif       findings with their places, for code hosts and editors
    markdown    a summary of a CI job
    page        one self-contained HTML file with plots
"""
