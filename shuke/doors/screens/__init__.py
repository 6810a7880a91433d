"""Pages made of several rooms: reads only, one batched question per room."""
