"""The page: the history, the state and the set-up in a browser, below our route.

Its files are static and the same for everybody; what is private comes as JSON to whoever has a
session. Nothing that a page of somebody else sends changes anything here.
"""
