"""The versioned run records: the plain data that a gate, a hunt or a replay leaves behind. Every report is made from them, and no more.

`stateful_tests` writes these records and `reports` reads them, so they are JSON all through and name nothing live. A number in a schema's
name goes up when a reader of the old record would misread the new one; a key that is only added leaves it as it is.
"""
