"""What a stack costs a month, from the engine's preview and the catalog: by resource, and against what runs now.

    read_preview(text, source) -> Preview       what `pulumi preview --json --show-sames` printed
    price(preview, catalog, usage) -> Bill      every resource: its price, or why it has none
    judge(bill, budget_usd) -> Verdict          whether it keeps a budget, as far as the bill can say

Pure, and without the Pulumi SDK. A pricer is a plain function in the file of its area (nodes, serverless, network);
known.py says which type goes to which. Disks, stores, queues and logs are listed as not priced, because the catalog has
no figures for them. What a training job costs to finish is infra/placement/training's; `slipway cost` prints both.
"""

from infra.cost.bill import Bill, Charge, Item
from infra.cost.errors import CostError, PreviewError
from infra.cost.preview import Change, Preview, Resource, read_preview
from infra.cost.price import price
from infra.cost.usage import Usage
from infra.cost.verdict import Verdict, judge

__all__ = [
    "Bill",
    "Change",
    "Charge",
    "CostError",
    "Item",
    "Preview",
    "PreviewError",
    "Resource",
    "Usage",
    "Verdict",
    "judge",
    "price",
    "read_preview",
]
