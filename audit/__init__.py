"""Who did what, when and through which token; and the guards that keep rows as they were written."""
