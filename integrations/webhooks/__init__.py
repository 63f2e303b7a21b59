"""Telling other people's machines: whom (guard), signed how (signing), when again (retries), and the call (posting)."""
