"""The page: the history, the state and the set-up in a browser, below our route.

Its files are static and the same for everybody; private data comes as JSON and needs a session.
Requests from other pages change nothing.
"""
