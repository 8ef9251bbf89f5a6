-- A repeat whose condition reads a local of its body and never holds.
-- expect: timeout
repeat local never = false until never
