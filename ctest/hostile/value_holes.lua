-- Returns arrays with holes, huge keys, and keys of all simple kinds.
-- expect: ok
return { 1, nil, 3 }, { [1 << 60] = 1 }, { [0] = 0, [-1] = 1, [1.5] = 2, [true] = 3, x = 4 }
