"""The request layer over the managers: what clients ask, what listeners send, and how a thread is loaded and unloaded."""
