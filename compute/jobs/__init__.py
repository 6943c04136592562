"""Live calculations: asked for by visitors, kept in a durable queue, done by a worker."""
