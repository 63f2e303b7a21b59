"""How machines use this house: counted by the call, kept by the minute, judged by the day."""
