"""Small things that every room needs: errors, files, pictures, progress. Imports nothing of ours."""
