"""What is collected. Those in apart/ are run by test_apart.py in a process of their own; how tests share the two cores
is in whole_files.py.
"""

import os

collect_ignore = [] if "SLIPWAY_APART" in os.environ else ["apart"]
