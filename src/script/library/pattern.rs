//! Lua's patterns, matched with patience: a matcher that counts its steps and asks now and then
//! whether it has to stop. A pattern of a few characters can take longer than the game will live.

/// Most captures of a pattern.
pub const CAPTURES_MAX: usize = 32;
/// Deepest recursion, as in Lua.
const DEPTH_MAX: u32 = 200;
/// Steps between two questions.
const STEPS: u32 = 1 << 10;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The job has to end.
    Interrupted,
    /// The pattern is none.
    Malformed(&'static str),
    /// There is no such capture, counted from 1.
    NoCapture(i32),
}

/// What a capture holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture<'s> {
    /// A part of the subject.
    Part(&'s [u8]),
    /// A position in it, from 1.
    Position(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Len {
    Open,
    Position,
    Of(usize),
}

type Found = Result<Option<usize>, Fault>;

/// A pattern and its subject.
pub struct Matcher<'s, 'p, S> {
    subject: &'s [u8],
    pattern: &'p [u8],
    captures: [(usize, Len); CAPTURES_MAX],
    level: usize,
    depth: u32,
    steps: u32,
    must_stop: S,
}

impl<'s, 'p, S: Fn() -> bool> Matcher<'s, 'p, S> {
    /// Of this pattern, without its anchor, in this subject. `must_stop` is asked now and then.
    pub fn new(subject: &'s [u8], pattern: &'p [u8], must_stop: S) -> Self {
        let captures = [(0, Len::Open); CAPTURES_MAX];
        Self { subject, pattern, captures, level: 0, depth: 0, steps: 0, must_stop }
    }

    /// Where a match that begins exactly at `start` ends.
    #[inline]
    pub fn match_at(&mut self, start: usize) -> Found {
        (self.level, self.depth) = (0, 0);
        self.spend(1)?;
        self.run(start, 0)
    }

    /// The first match at `start` or later: from where to where.
    pub fn search(
        &mut self,
        start: usize,
        anchored: bool,
    ) -> Result<Option<(usize, usize)>, Fault> {
        for start in start..=self.subject.len() {
            if let Some(end) = self.match_at(start)? {
                return Ok(Some((start, end)));
            }
            if anchored {
                break;
            }
        }
        Ok(None)
    }

    /// How many captures the last match had.
    pub fn captures(&self) -> usize {
        self.level
    }

    /// A capture of the match from `start` to `end`, from 0. The first one of a pattern without
    /// captures is the whole match.
    pub fn capture(&self, number: usize, start: usize, end: usize) -> Result<Capture<'s>, Fault> {
        let subject = self.subject;
        if number >= self.level {
            if number != 0 {
                return Err(Fault::NoCapture(number as i32 + 1));
            }
            return Ok(Capture::Part(subject.get(start..end).unwrap_or_default()));
        }
        let (from, len) = self.captures[number];
        match len {
            Len::Open => Err(Fault::Malformed("unfinished capture")),
            Len::Position => Ok(Capture::Position(from as i64 + 1)),
            Len::Of(len) => Ok(Capture::Part(subject.get(from..from + len).unwrap_or_default())),
        }
    }

    /// The whole match.
    pub fn whole(&self, start: usize, end: usize) -> &'s [u8] {
        self.subject.get(start..end).unwrap_or_default()
    }

    #[inline]
    fn spend(&mut self, steps: u32) -> Result<(), Fault> {
        self.steps += steps;
        if self.steps < STEPS {
            return Ok(());
        }
        self.steps = 0;
        if (self.must_stop)() { Err(Fault::Interrupted) } else { Ok(()) }
    }

    #[inline]
    fn at(&self, place: usize) -> Option<u8> {
        self.pattern.get(place).copied()
    }

    /// Matches the pattern from `p` on at `s`.
    fn run(&mut self, mut s: usize, mut p: usize) -> Found {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Fault::Malformed("pattern too complex"));
        }
        let found = loop {
            self.spend(1)?;
            let Some(item) = self.at(p) else { break Some(s) };
            match (item, self.at(p + 1)) {
                (b'(', Some(b')')) => break self.open(s, p + 2, Len::Position)?,
                (b'(', _) => break self.open(s, p + 1, Len::Open)?,
                (b')', _) => break self.close(s, p + 1)?,
                (b'$', None) => break Some(s).filter(|&s| s == self.subject.len()),
                (b'%', Some(b'b')) => match self.balance(s, p + 2)? {
                    Some(end) => (s, p) = (end, p + 4),
                    None => break None,
                },
                (b'%', Some(b'f')) => match self.frontier(s, p + 2)? {
                    Some(next) => p = next,
                    None => break None,
                },
                (b'%', Some(digit @ b'0'..=b'9')) => match self.back_reference(s, digit)? {
                    Some(end) => (s, p) = (end, p + 2),
                    None => break None,
                },
                _ => match self.single_item(s, p)? {
                    Next::At(next_s, next_p) => (s, p) = (next_s, next_p),
                    Next::Is(found) => break found,
                },
            }
        };
        self.depth -= 1;
        Ok(found)
    }

    /// A character or class with what repeats it.
    #[inline]
    fn single_item(&mut self, s: usize, p: usize) -> Result<Next, Fault> {
        let end = self.class_end(p)?;
        let matches = self.single(s, p, end)?;
        match self.at(end) {
            Some(b'?') => {
                if matches && let Some(found) = self.run(s + 1, end + 1)? {
                    return Ok(Next::Is(Some(found)));
                }
                Ok(Next::At(s, end + 1))
            }
            Some(b'+') if matches => self.longest(s + 1, p, end).map(Next::Is),
            Some(b'+') => Ok(Next::Is(None)),
            Some(b'*') => self.longest(s, p, end).map(Next::Is),
            Some(b'-') => self.shortest(s, p, end).map(Next::Is),
            _ if matches => Ok(Next::At(s + 1, end)),
            _ => Ok(Next::Is(None)),
        }
    }

    fn longest(&mut self, s: usize, p: usize, end: usize) -> Found {
        let mut count = 0;
        while self.single(s + count, p, end)? {
            self.spend(1)?;
            count += 1;
        }
        loop {
            if let Some(found) = self.run(s + count, end + 1)? {
                return Ok(Some(found));
            }
            if count == 0 {
                return Ok(None);
            }
            count -= 1;
        }
    }

    fn shortest(&mut self, mut s: usize, p: usize, end: usize) -> Found {
        loop {
            if let Some(found) = self.run(s, end + 1)? {
                return Ok(Some(found));
            }
            if !self.single(s, p, end)? {
                return Ok(None);
            }
            s += 1;
        }
    }

    fn open(&mut self, s: usize, p: usize, len: Len) -> Found {
        if self.level >= CAPTURES_MAX {
            return Err(Fault::Malformed("too many captures"));
        }
        self.captures[self.level] = (s, len);
        self.level += 1;
        let found = self.run(s, p)?;
        if found.is_none() {
            self.level -= 1;
        }
        Ok(found)
    }

    fn close(&mut self, s: usize, p: usize) -> Found {
        let open = self.captures[..self.level].iter().rposition(|&(_, len)| len == Len::Open);
        let Some(number) = open else { return Err(Fault::Malformed("invalid pattern capture")) };
        let (from, _) = self.captures[number];
        self.captures[number].1 = Len::Of(s - from);
        let found = self.run(s, p)?;
        if found.is_none() {
            self.captures[number].1 = Len::Open;
        }
        Ok(found)
    }

    fn balance(&mut self, s: usize, p: usize) -> Found {
        let (Some(opens), Some(closes)) = (self.at(p), self.at(p + 1)) else {
            return Err(Fault::Malformed("malformed pattern (missing arguments to '%b')"));
        };
        if self.subject.get(s) != Some(&opens) {
            return Ok(None);
        }
        let mut depth = 1;
        for at in s + 1..self.subject.len() {
            self.spend(1)?;
            let byte = self.subject[at];
            if byte == closes {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(at + 1));
                }
            } else if byte == opens {
                depth += 1;
            }
        }
        Ok(None)
    }

    /// Where the pattern goes on when there is a frontier of the set at `p`.
    fn frontier(&mut self, s: usize, p: usize) -> Found {
        if self.at(p) != Some(b'[') {
            return Err(Fault::Malformed("missing '[' after '%f' in pattern"));
        }
        let end = self.class_end(p)?;
        let before = if s == 0 { 0 } else { self.subject[s - 1] };
        let here = self.subject.get(s).copied().unwrap_or(0);
        let is = !self.in_set(before, p, end)? && self.in_set(here, p, end)?;
        Ok(if is { Some(end) } else { None })
    }

    fn back_reference(&mut self, s: usize, digit: u8) -> Found {
        let number = i32::from(digit) - i32::from(b'1');
        let at = usize::try_from(number).ok().filter(|&number| number < self.level);
        let (from, len) = match at.map(|number| self.captures[number]) {
            Some((from, Len::Of(len))) => (from, len),
            // A position has no text; Lua takes its mark for a length that nothing has.
            Some((_, Len::Position)) => return Ok(None),
            _ => return Err(Fault::NoCapture(number + 1)),
        };
        self.spend((len >> 4) as u32 % STEPS + 1)?;
        let text = &self.subject[from..from + len];
        Ok(if self.subject[s..].starts_with(text) { Some(s + len) } else { None })
    }

    /// Where the item that begins at `p` ends.
    #[inline]
    fn class_end(&mut self, p: usize) -> Result<usize, Fault> {
        const ENDS: Fault = Fault::Malformed("malformed pattern (ends with '%')");
        const UNCLOSED: Fault = Fault::Malformed("malformed pattern (missing ']')");
        match self.at(p) {
            Some(b'%') if self.at(p + 1).is_none() => Err(ENDS),
            Some(b'%') => Ok(p + 2),
            Some(b'[') => {
                let mut at = p + 1;
                if self.at(at) == Some(b'^') {
                    at += 1;
                }
                loop {
                    // Also the first one, so that `[]]` is a set.
                    let byte = self.at(at).ok_or(UNCLOSED)?;
                    at += 1;
                    if byte == b'%' {
                        at += 1;
                    }
                    if self.at(at) == Some(b']') {
                        self.spend(((at - p) >> 4) as u32 % STEPS)?;
                        return Ok(at + 1);
                    }
                }
            }
            _ => Ok(p + 1),
        }
    }

    /// Whether the item from `p` to `end` matches the character at `s`.
    #[inline]
    fn single(&mut self, s: usize, p: usize, end: usize) -> Result<bool, Fault> {
        let Some(&byte) = self.subject.get(s) else { return Ok(false) };
        match self.pattern[p] {
            b'.' => Ok(true),
            b'%' => Ok(is_in_class(byte, self.pattern[p + 1])),
            b'[' => self.in_set(byte, p, end),
            plain => Ok(plain == byte),
        }
    }

    /// Whether `byte` is in the set from `p` (its bracket) to `end` (behind the other one).
    fn in_set(&mut self, byte: u8, p: usize, end: usize) -> Result<bool, Fault> {
        self.spend(((end - p) >> 4) as u32 % STEPS)?;
        let set = &self.pattern[p + 1..end - 1];
        let (is_in, mut rest) = match set {
            [b'^', rest @ ..] => (false, rest),
            rest => (true, rest),
        };
        while let [first, after @ ..] = rest {
            rest = match (first, after) {
                (b'%', [class, after @ ..]) => {
                    if is_in_class(byte, *class) {
                        return Ok(is_in);
                    }
                    after
                }
                (from, [b'-', to, after @ ..]) => {
                    if (*from..=*to).contains(&byte) {
                        return Ok(is_in);
                    }
                    after
                }
                (plain, after) => {
                    if *plain == byte {
                        return Ok(is_in);
                    }
                    after
                }
            };
        }
        Ok(!is_in)
    }
}

/// What comes of one item of a pattern.
enum Next {
    /// The pattern goes on.
    At(usize, usize),
    /// That was all.
    Is(Option<usize>),
}

/// Whether `byte` is in class `%class`, in the C locale.
fn is_in_class(byte: u8, class: u8) -> bool {
    let is = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'g' => byte.is_ascii_graphic(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => matches!(byte, b' ' | b'\t'..=b'\r'),
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        _ => return class == byte,
    };
    is != class.is_ascii_uppercase()
}
