-- Returns nothing but nils.
-- expect: ok
return nil, nil, nil
