"""From video files to the stream of real clips: readers, pyramid, records, pipeline."""
