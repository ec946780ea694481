"""The operators: each finds the places of a source where one kind of fault can be planted, and says what to write there.

They are those of concurrent code first, adapted to asyncio from Bradbury, Cordy and Dingel, "Mutation Operators for Concurrent Java
(J2SE 5.0)", 2006 (ConMAn): there a thread may be suspended anywhere, here only at an await, so what shifts a critical section there
moves a line out of it or puts an await between two lines here.
"""
