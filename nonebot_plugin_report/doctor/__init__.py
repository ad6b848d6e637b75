"""What is set up wrong, how to mend it, and what to paste into which tool."""
