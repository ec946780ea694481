"""Scripts of plain asyncio that show a fifo finding without the harness."""
