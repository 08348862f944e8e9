"""All the bugs that are planted. None may survive."""

from tests.machine.mutants.answers import ANSWER_MUTANTS
from tests.machine.mutants.buying import BUYING_MUTANTS
from tests.machine.mutants.deciding import DECIDING_MUTANTS
from tests.machine.mutants.money import MONEY_MUTANTS
from tests.machine.mutants.mutant import Mutant
from tests.machine.mutants.receivers import RECEIVER_MUTANTS
from tests.machine.mutants.running import RUNNING_MUTANTS
from tests.machine.mutants.trouble import TROUBLE_MUTANTS

__all__ = ["MUTANTS", "Mutant"]

MUTANTS = (
    *MONEY_MUTANTS,
    *ANSWER_MUTANTS,
    *BUYING_MUTANTS,
    *DECIDING_MUTANTS,
    *TROUBLE_MUTANTS,
    *RECEIVER_MUTANTS,
    *RUNNING_MUTANTS,
)
