"""Vector engines on servers, each in one file: an index that a truth of ours can stand before."""
