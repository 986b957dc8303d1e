"""All that is known of growing: the ladder, the phases of training, and resampling between rungs."""
