"""The demo company "Lumière Logicielle": vendor exports with planted truth, made from a seed alone.

`company.generate` is the one entry. Nothing here reads real data, and nothing of the product is imported:
the demo must be able to contradict the warehouse.
"""
