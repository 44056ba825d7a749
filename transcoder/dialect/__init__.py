"""What the internal CRM speaks: a row per field, error code and call. Replace this folder, and it is another CRM.

Nothing outside it knows an internal name, code or path; nothing in it knows HTTP's public side.
"""
