"""A world for the programs that learn by reward: a walker on a line, who is to stay near its middle."""


class Line:
    """Actions 0 and 1 push to the left and to the right; an episode ends at the edges or after 30 steps."""

    def __init__(self):
        self.state = [0.0, 0.0, 0]

    def reset(self, position=0.1):
        self.state = [position, 0.0, 0]
        return self.observation()

    def observation(self):
        return [self.state[0], self.state[1]]

    def step(self, action):
        x, v, n = self.state
        v = 0.9 * v + (0.12 if action == 1 else -0.12) + 0.05 * x
        x = x + v
        self.state = [x, v, n + 1]
        done = abs(x) > 1.0 or n + 1 >= 30
        return self.observation(), 1.0 - abs(x), done
