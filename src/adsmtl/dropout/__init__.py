"""The method: where units are dropped, how many, and by which rule the rate adapts."""
