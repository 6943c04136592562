"""One module per page: the frozen view that its address states."""
