"""From run folders to tables, figures and a report; nothing here trains or reads data sets."""
