"""The verbs of billing: one function each, whoever calls them."""
