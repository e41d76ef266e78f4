# The public names, each once: type checkers and editors read them here, and so does lazy_loader.
from .ct import Acquisition as Acquisition
from .ct import CTSlice as CTSlice
from .ct import SliceInfo as SliceInfo
from .ct import Window as Window
from .ct import index_ct as index_ct
from .ct import read_ct as read_ct
from .errors import DistiliqaError as DistiliqaError
from .scoring.from_python import score as score
from .scoring.model import Model as Model
from .scoring.model import load_model as load_model
from .scoring.result import SeriesScore as SeriesScore
from .scoring.result import SliceScore as SliceScore
from .version import __version__ as __version__
