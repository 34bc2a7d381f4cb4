"""Workers that are somewhere else, as far as those who give them work can tell."""

import pickle


class FarAway:
    """Gets everything by pickle, and finishes the last item first; `given`: the items."""

    workers = 2
    host = None

    def __init__(self):
        self.given = []

    def run(self, function, items, tick=None):
        function, items = pickle.loads(pickle.dumps((function, list(items))))
        self.given += items
        for place in reversed(range(len(items))):
            yield place, pickle.loads(pickle.dumps(function(items[place])))
            if tick is not None:
                tick()
