-- Seeds the random numbers with a constant.
-- expect: ok
math.randomseed(42)
return math.random()
