"""A generator on disk: snapshots with their cards, latents, exports."""
