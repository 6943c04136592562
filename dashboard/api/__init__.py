"""The published tables and the scores over HTTP, for programs: `/api/v1`."""
