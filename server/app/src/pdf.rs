//! A document of lines and tables as a PDF: A4, one embedded font of which only the letters that occur go along, and text that can be
//! selected and searched. The same content makes the same bytes: nothing in it is of a clock or of chance.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, TextRenderingMode, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use subsetter::GlyphRemapper;
use ttf_parser::Face;

use crate::error::{Error, Result};

/// With every letter of Vietnamese; its licence lies beside it.
const FONT: &[u8] = include_bytes!("../../data/fonts/DejaVuSans.ttf");
/// A part of it is named so, as the format wants.
const FONT_NAME: Name<'_> = Name(b"BTLDOC+DejaVuSans");
const ALIAS: Name<'_> = Name(b"F");
const IDENTITY: SystemInfo<'_> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

// Points: 72 to an inch.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 42.0;
/// What a line of text has between its margins.
pub(crate) const MEASURE: f32 = WIDTH - 2.0 * MARGIN;
const PADDING: f32 = 2.5;
const LEADING: f32 = 1.3;

/// Lines of a cell; what goes on is cut, so that a row always fits on a page.
const CELL_LINES: usize = 30;

/// Stands for what the font has no letter for.
const UNKNOWN: char = '\u{25a1}';

/// How a line looks.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    size: f32,
    is_bold: bool,
}

impl Look {
    /// How far a line is from the next one.
    pub(crate) fn leading(self) -> f32 {
        self.size * LEADING
    }
}

pub(crate) const TITLE: Look = Look { size: 14.0, is_bold: true };
pub(crate) const HEADING: Look = Look { size: 10.5, is_bold: true };
pub(crate) const PLAIN: Look = Look { size: 9.0, is_bold: false };
pub(crate) const SMALL: Look = Look { size: 7.0, is_bold: false };

/// A column of a table: its head, and its share of the measure.
pub(crate) struct Column {
    pub(crate) head: String,
    pub(crate) share: f32,
}

/// A document in the making.
pub(crate) struct Document {
    face: Face<'static>,
    glyphs: GlyphRemapper,
    /// The letters that occur, by their number in the part of the font, each with its width in thousandths of its size.
    letters: BTreeMap<u16, (char, f32)>,
    pages: Vec<Content>,
    page: Content,
    /// How far down the page is free.
    y: f32,
}

impl Document {
    pub(crate) fn new() -> Result<Self> {
        let face = Face::parse(FONT, 0).map_err(|error| Error::Internal(format!("the font: {error}")))?;
        Ok(Self {
            face,
            glyphs: GlyphRemapper::new(),
            letters: BTreeMap::new(),
            pages: Vec::new(),
            page: Content::new(),
            y: HEIGHT - MARGIN,
        })
    }

    /// A paragraph, as wide as the page.
    pub(crate) fn line(&mut self, text: &str, look: Look) {
        for line in self.wrapped(text, MEASURE, look.size) {
            self.make_room(look.leading());
            self.y -= look.leading();
            self.print(&line, MARGIN, self.y, look);
        }
        self.space(look.size * 0.3);
    }

    /// Nothing, so high.
    pub(crate) fn space(&mut self, height: f32) {
        self.y -= height;
    }

    /// So much in one piece: on this page, or on the next one.
    pub(crate) fn make_room(&mut self, height: f32) {
        if self.y - height < MARGIN + PLAIN.size {
            self.pages.push(std::mem::replace(&mut self.page, Content::new()));
            self.y = HEIGHT - MARGIN;
        }
    }

    /// Rows below a head, which stands on top of every page that the table goes on to.
    pub(crate) fn table(&mut self, columns: &[Column], rows: &[Vec<String>], look: Look) {
        let shares: f32 = columns.iter().map(|column| column.share).sum();
        let widths: Vec<_> = columns.iter().map(|column| column.share * MEASURE / shares).collect();
        let head: Vec<_> = columns.iter().map(|column| column.head.clone()).collect();
        let bold = Look { is_bold: true, ..look };
        let (head, head_height) = self.row(&head, &widths, look);
        let mut is_begun = false;
        for row in rows {
            let (row, height) = self.row(row, &widths, look);
            let page = self.pages.len();
            self.make_room(if is_begun { height } else { height + head_height });
            if !is_begun || self.pages.len() > page {
                self.cells(&head, &widths, head_height, bold);
                is_begun = true;
            }
            self.cells(&row, &widths, height, look);
        }
        self.space(look.size);
    }

    /// The cells of a row as lines, and how high it is.
    fn row(&self, cells: &[String], widths: &[f32], look: Look) -> (Vec<Vec<String>>, f32) {
        let lines = cells.iter().zip(widths).map(|(cell, width)| {
            let mut lines = self.wrapped(cell, width - 2.0 * PADDING, look.size);
            if lines.len() > CELL_LINES {
                lines.truncate(CELL_LINES);
                lines.push("…".to_owned());
            }
            lines
        });
        let lines: Vec<_> = lines.collect();
        let most = lines.iter().map(Vec::len).max().unwrap_or_default().max(1);
        let most = u16::try_from(most).map_or(f32::MAX, f32::from);
        (lines, most * look.leading() + 2.0 * PADDING)
    }

    fn cells(&mut self, cells: &[Vec<String>], widths: &[f32], height: f32, look: Look) {
        let mut x = MARGIN;
        for (lines, width) in cells.iter().zip(widths) {
            self.page.set_line_width(0.4).set_stroke_gray(0.55);
            self.page.rect(x, self.y - height, *width, height).stroke();
            let mut y = self.y - PADDING - look.size * 0.15;
            for line in lines {
                y -= look.leading();
                self.print(line, x + PADDING, y + look.size * 0.3, look);
            }
            x += width;
        }
        self.y -= height;
    }

    /// What people sign, side by side: as what, and who.
    pub(crate) fn signatures(&mut self, note: &str, signers: [(&str, &str); 2]) {
        self.make_room(110.0);
        self.space(PLAIN.leading());
        for ((role, name), x) in signers.into_iter().zip([MARGIN + 20.0, MARGIN + MEASURE * 0.6]) {
            let fitting =
                |of: &Self, text: &str| of.wrapped(text, MEASURE * 0.38, HEADING.size).into_iter().next();
            for (text, below, look) in [(role, 0.0, HEADING), (note, 14.0, SMALL), (name, 80.0, PLAIN)] {
                if let Some(text) = fitting(self, text) {
                    self.print(&text, x, self.y - below, look);
                }
            }
        }
        self.space(90.0);
    }

    fn print(&mut self, line: &str, x: f32, y: f32, look: Look) {
        let coded: Vec<u8> = line.chars().flat_map(|letter| self.code(letter).to_be_bytes()).collect();
        self.page.begin_text().set_font(ALIAS, look.size).next_line(x, y);
        if look.is_bold {
            self.page.set_text_rendering_mode(TextRenderingMode::FillStroke).set_line_width(0.35);
        } else {
            self.page.set_text_rendering_mode(TextRenderingMode::Fill);
        }
        self.page.set_stroke_gray(0.0).show(Str(&coded)).end_text();
    }

    /// The number of a letter in the part of the font.
    fn code(&mut self, letter: char) -> u16 {
        let glyph = self.face.glyph_index(letter).unwrap_or_default();
        let code = self.glyphs.remap(glyph.0);
        let width = self.width(letter);
        self.letters.entry(code).or_insert((letter, width));
        code
    }

    /// In thousandths of its size.
    fn width(&self, letter: char) -> f32 {
        let advance = self.face.glyph_index(letter).and_then(|glyph| self.face.glyph_hor_advance(glyph));
        f32::from(advance.unwrap_or_default()) * 1000.0 / f32::from(self.face.units_per_em())
    }

    /// What can be printed of a letter: in no direction but ours, on no line but this one.
    fn printable(&self, letter: char) -> Option<char> {
        match letter {
            _ if letter.is_whitespace() || letter.is_control() => Some(' '),
            // Marks that turn the writing round, join letters or are not seen.
            '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' => None,
            _ if self.face.glyph_index(letter).is_some() => Some(letter),
            _ => Some(UNKNOWN),
        }
    }

    /// Broken between words where that is possible, within them where it is not.
    fn wrapped(&self, text: &str, width: f32, size: f32) -> Vec<String> {
        let measure = width * 1000.0 / size;
        let text: String = text.chars().filter_map(|letter| self.printable(letter)).collect();
        let of = |word: &str| word.chars().map(|letter| self.width(letter)).sum::<f32>();
        let space = self.width(' ');
        let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0.0);
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let needed = of(word);
            if !line.is_empty() && used + space + needed <= measure {
                line.push(' ');
                line.push_str(word);
                used += space + needed;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            for letter in word.chars() {
                let wide = self.width(letter);
                if used + wide > measure && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                line.push(letter);
                used += wide;
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// The file; at the foot of each page stands what is said of its number and of how many there are.
    pub(crate) fn finish(
        mut self,
        title: &str,
        language: &str,
        below: impl Fn(usize, usize) -> String,
    ) -> Result<Vec<u8>> {
        let last = std::mem::replace(&mut self.page, Content::new());
        let mut pages = std::mem::take(&mut self.pages);
        pages.push(last);
        let count = pages.len();
        let mut contents = Vec::with_capacity(count);
        for (number, page) in (1..).zip(pages) {
            self.page = page;
            let below: String =
                below(number, count).chars().filter_map(|letter| self.printable(letter)).collect();
            self.print(&below, MARGIN, MARGIN * 0.6, SMALL);
            contents.push(std::mem::replace(&mut self.page, Content::new()).finish());
        }
        let mut numbers = (1..).map(Ref::new);
        let mut next = || numbers.next().unwrap_or_else(|| Ref::new(i32::MAX));
        let (catalog, info, tree, font, cid, descriptor, file, unicode) =
            (next(), next(), next(), next(), next(), next(), next(), next());
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(tree).lang(TextStr(language));
        pdf.document_info(info).title(TextStr(title));
        let places: Vec<_> = contents.iter().map(|_| (next(), next())).collect();
        let kids = places.iter().map(|(page, _)| *page);
        pdf.pages(tree).kids(kids).count(i32::try_from(count).unwrap_or(i32::MAX));
        for ((page, stream), content) in places.iter().zip(&contents) {
            let mut page = pdf.page(*page);
            page.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(*stream);
            page.resources().fonts().pair(ALIAS, font);
            page.finish();
            pdf.stream(*stream, &deflated(content)?).filter(Filter::FlateDecode);
        }
        self.embed(&mut pdf, [font, cid, descriptor, file, unicode])?;
        Ok(pdf.finish())
    }

    /// Writes the part of the font that is used, and which letters its numbers are.
    fn embed(&self, pdf: &mut Pdf, [font, cid, descriptor, file, unicode]: [Ref; 5]) -> Result<()> {
        let failed = |error| Error::Internal(format!("a part of the font: {error}"));
        let part = subsetter::subset(FONT, 0, &self.glyphs).map_err(failed)?;
        pdf.type0_font(font)
            .base_font(FONT_NAME)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(unicode);
        let mut of = pdf.cid_font(cid);
        of.subtype(CidFontType::Type2).base_font(FONT_NAME).system_info(IDENTITY).font_descriptor(descriptor);
        of.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = of.widths();
        for (code, (_, width)) in &self.letters {
            widths.consecutive(*code, [*width]);
        }
        widths.finish();
        of.finish();
        let scaled = |units: i16| f32::from(units) * 1000.0 / f32::from(self.face.units_per_em());
        let bounds = self.face.global_bounding_box();
        let bounds =
            Rect::new(scaled(bounds.x_min), scaled(bounds.y_min), scaled(bounds.x_max), scaled(bounds.y_max));
        pdf.font_descriptor(descriptor)
            .name(FONT_NAME)
            .flags(FontFlags::NON_SYMBOLIC)
            .bbox(bounds)
            .italic_angle(0.0)
            .ascent(scaled(self.face.ascender()))
            .descent(scaled(self.face.descender()))
            .cap_height(scaled(self.face.capital_height().unwrap_or_default()))
            .stem_v(80.0)
            .font_file2(file);
        pdf.stream(file, &deflated(&part)?)
            .filter(Filter::FlateDecode)
            .pair(Name(b"Length1"), i32::try_from(part.len()).unwrap_or(i32::MAX));
        let mut map = UnicodeCmap::new(Name(b"BTL"), IDENTITY);
        for (code, (letter, _)) in &self.letters {
            map.pair(*code, *letter);
        }
        pdf.cmap(unicode, &map.finish());
        Ok(())
    }
}

fn deflated(bytes: &[u8]) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| Error::Internal(format!("a stream: {error}"));
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).map_err(failed)?;
    packed.finish().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(texts: &[&str]) -> Vec<u8> {
        let mut document = Document::new().unwrap();
        let column = |head: &str, share| Column { head: head.to_owned(), share };
        let columns = [column("Hạng", 1.0), column("Tên hồ sơ", 4.0)];
        for text in texts {
            document.line(text, TITLE);
            document.line(text, PLAIN);
        }
        let rows: Vec<_> = texts.iter().map(|text| vec!["1".to_owned(), (*text).to_owned()]).collect();
        document.table(&columns, &rows, PLAIN);
        document.finish(texts.first().unwrap_or(&""), "vi", |page, of| format!("Trang {page}/{of}")).unwrap()
    }

    #[test]
    fn the_same_content_is_the_same_bytes() {
        let texts = ["Ứng phó ngập lụt ở Thủ Đức", "Ỷ Ỹ Ỵ ỷ ỹ ỵ ặ ẵ ẳ ằ ắ ợ ỡ ở ờ ớ"];
        assert_eq!(document(&texts), document(&texts));
        assert_ne!(document(&texts), document(&texts[..1]));
    }

    #[test]
    fn whatever_people_wrote_it_is_lines_within_the_measure() {
        let long = "Đ".repeat(1_000);
        let document = Document::new().unwrap();
        for hostile in [
            long.as_str(),
            "a\u{202e}b\u{2066}c\u{200f}d",
            "dòng một\ndòng hai\r\n\tba\0",
            "😀🏳️‍🌈 👩‍👩‍👧",
            "שלום مرحبا 漢字",
            "",
            "   ",
            "e\u{301}\u{302}\u{303}",
        ] {
            for width in [5.0, 60.0, MEASURE] {
                for line in document.wrapped(hostile, width, PLAIN.size) {
                    let wide: f32 = line.chars().map(|letter| document.width(letter)).sum();
                    assert!(
                        line.chars().count() == 1 || wide * PLAIN.size / 1000.0 <= width + 0.01,
                        "{line:?}"
                    );
                    assert!(
                        line.chars().all(|letter| document.face.glyph_index(letter).is_some()),
                        "{line:?}"
                    );
                    assert!(!line.contains(['\u{202e}', '\n', '\0']), "{line:?}");
                }
            }
        }
        assert_eq!(document.wrapped("a\u{202e}b\nc", MEASURE, 9.0), ["ab c"]);
        assert_eq!(document.wrapped("😀", MEASURE, 9.0).len(), 1);
    }

    #[test]
    fn long_tables_go_on_with_their_head_and_no_row_is_higher_than_a_page() {
        let long = "Đ ".repeat(5_000);
        let texts = vec![long.as_str(); 5];
        let pdf = document(&texts);
        let pages = pdf.windows(11).filter(|part| part == b"/Type /Page").count();
        assert!(pages > 5, "{pages}");
        assert!(document(&[]).starts_with(b"%PDF-"));
    }
}
