"""One module a page: what it is asked, and what it answers."""
