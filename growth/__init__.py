"""All that is known of growing: ladder, phases of training, resampling between rungs."""
