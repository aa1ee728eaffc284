/* msg_charset.c - text in any charset of mail to UTF-8, by iconv(3)
 *
 * Only the charsets of this table are given to iconv: a message can't make it
 * load whatever module it names. A label is read as what people meant by it,
 * which is what browsers do as well: text marked as iso-8859-1 is windows-1252,
 * as gb2312 is GB18030. */
#include <errno.h>
#include <iconv.h>
#include <pthread.h>

#include "core/msg.h"
#include "core/text.h"

enum { ASCII, UTF_8 }; /* rows that need no iconv */

/* names: in lower case, without '-', '_', '.', ':' and the like, a blank behind
   each. */
static const struct charset {
	const char *iconv;
	const char *names;
} charsets[] = {
	[ASCII] = { NULL, "usascii ascii ansix341968 iso646us iso646irv1991 " },
	[UTF_8] = { NULL, "utf8 unicode11utf8 xutf8 " },
	{ "UTF-7", "utf7 unicode11utf7 " },
	{ "UTF-16", "utf16 unicode csunicode iso10646ucs2 ucs2 " },
	{ "UTF-16BE", "utf16be " },
	{ "UTF-16LE", "utf16le " },
	{ "UTF-32", "utf32 " },
	{ "UTF-32BE", "utf32be " },
	{ "UTF-32LE", "utf32le " },
	{ "CP1250", "windows1250 cp1250 xcp1250 " },
	{ "CP1251", "windows1251 cp1251 xcp1251 " },
	{ "CP1252", "windows1252 cp1252 xcp1252 iso88591 latin1 l1 cp819 ibm819 iso885911987 " },
	{ "CP1253", "windows1253 cp1253 xcp1253 " },
	{ "CP1254", "windows1254 cp1254 xcp1254 iso88599 latin5 l5 iso885991989 " },
	{ "CP1255", "windows1255 cp1255 xcp1255 " },
	{ "CP1256", "windows1256 cp1256 xcp1256 " },
	{ "CP1257", "windows1257 cp1257 xcp1257 " },
	{ "CP1258", "windows1258 cp1258 xcp1258 " },
	{ "ISO-8859-2", "iso88592 latin2 l2 iso885921987 " },
	{ "ISO-8859-3", "iso88593 latin3 l3 " },
	{ "ISO-8859-4", "iso88594 latin4 l4 " },
	{ "ISO-8859-5", "iso88595 cyrillic iso885951988 " },
	{ "ISO-8859-6", "iso88596 iso88596e iso88596i arabic asmo708 " },
	{ "ISO-8859-7", "iso88597 greek greek8 elot928 iso885971987 " },
	{ "ISO-8859-8", "iso88598 iso88598e iso88598i hebrew logical visual " },
	{ "ISO-8859-10", "iso885910 latin6 l6 " },
	{ "ISO-8859-13", "iso885913 latin7 " },
	{ "ISO-8859-14", "iso885914 latin8 " },
	{ "ISO-8859-15", "iso885915 latin9 l9 " },
	{ "ISO-8859-16", "iso885916 latin10 " },
	{ "CP874", "tis620 windows874 cp874 iso885911 dos874 " },
	{ "KOI8-R", "koi8r koi8 koi cskoi8r " },
	{ "KOI8-U", "koi8u koi8ru " },
	{ "CP437", "ibm437 cp437 437 " },
	{ "CP850", "ibm850 cp850 850 " },
	{ "CP852", "ibm852 cp852 852 " },
	{ "CP855", "ibm855 cp855 855 " },
	{ "CP858", "ibm858 ibm00858 cp858 " },
	{ "CP862", "ibm862 cp862 dos862 " },
	{ "CP865", "ibm865 cp865 865 " },
	{ "CP866", "ibm866 cp866 866 csibm866 " },
	{ "MACINTOSH", "macintosh mac xmacroman macroman " },
	{ "MAC-CYRILLIC", "xmaccyrillic maccyrillic xmacukrainian " },
	{ "VISCII", "viscii csviscii " },
	{ "GB18030", "gb18030 gb2312 gbk cp936 ms936 windows936 xgbk euccn gb231280 csgb2312 " },
	{ "BIG5-HKSCS", "big5 big5hkscs cnbig5 csbig5 xxbig5 cp950 ms950 " },
	{ "EUC-TW", "euctw " },
	{ "EUC-JP-MS", "eucjp xeucjp eucjpms cseucpkdfmtjapanese " },
	{ "CP932", "shiftjis sjis xsjis mskanji csshiftjis windows31j cp932 ms932 " },
	{ "ISO-2022-JP-2", "iso2022jp csiso2022jp iso2022jp1 iso2022jp2 " },
	{ "UHC", "euckr ksc56011987 ksc5601 ksc56011989 cseuckr korean uhc cp949 windows949 " },
	{ "ISO-2022-KR", "iso2022kr csiso2022kr " },
	{ "JOHAB", "johab cp1361 ms1361 " },
};

enum { CHARSETS = sizeof charsets / sizeof *charsets };

/* Opening a converter loads a module, so one of each kind is kept. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static iconv_t idle[CHARSETS];

static iconv_t converter_take(const struct charset *charset)
{
	size_t i = (size_t)(charset - charsets);
	iconv_t cd;

	pthread_mutex_lock(&lock);
	cd = idle[i];
	idle[i] = NULL;
	pthread_mutex_unlock(&lock);
	return cd ? cd : iconv_open("UTF-8", charset->iconv);
}

static void converter_give(const struct charset *charset, iconv_t cd)
{
	size_t i = (size_t)(charset - charsets);
	iconv_t spare;

	pthread_mutex_lock(&lock);
	spare = idle[i];
	idle[i] = cd;
	pthread_mutex_unlock(&lock);
	if (spare)
		iconv_close(spare);
}

/* The label as the table has it, with a terminator; false: none is that long.
   "ISO_8859-1" and "iso8859-1" are the same. */
static bool normalise(struct slice label, char name[32])
{
	size_t n = 0;

	for (size_t i = 0; i < label.n; i++) {
		char c = char_lower(label.p[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			continue;
		if (n == 30)
			return false;
		name[n++] = c;
	}
	name[n] = ' ';
	name[n + 1] = 0;
	return n > 0;
}

static const struct charset *find(struct slice label)
{
	char name[32];

	if (!normalise(label, name))
		return NULL;
	for (size_t i = 0; i < CHARSETS; i++) {
		const char *at = strstr(charsets[i].names, name);

		for (; at; at = strstr(at + 1, name))
			if (at == charsets[i].names || at[-1] == ' ')
				return &charsets[i];
	}
	return NULL;
}

/* One call of iconv: 0, or why it stopped. from NULL: write what the converter
   still holds. */
static int step(iconv_t cd, struct buf *out, char **from, size_t *left)
{
	size_t size = *left + *left / 2 + 64, room = size;
	char *to = buf_room(out, size);
	int why = iconv(cd, from, left, &to, &room) == (size_t)-1 ? errno : 0;

	out->n += size - room;
	return why;
}

/* U+FFFD */
#define REPLACEMENT SLICE("\xef\xbf\xbd")

/* Bytes to pass over where nothing can be read, so that the next ones can. */
static size_t unit_of(const struct charset *charset)
{
	struct slice name = slice_str(charset->iconv);

	if (slice_starts(name, SLICE("UTF-16")))
		return 2;
	return slice_starts(name, SLICE("UTF-32")) ? 4 : 1;
}

static void convert(iconv_t cd, size_t unit, struct buf *out, struct slice text)
{
	char *from = (char *)text.p;
	size_t left = text.n;

	iconv(cd, NULL, NULL, NULL, NULL);
	while (left > 0) {
		int why = step(cd, out, &from, &left);

		if (why != EILSEQ && why != EINVAL)
			continue; /* done, or no more room */
		buf_adds(out, REPLACEMENT);
		unit = unit < left ? unit : left;
		from += unit;
		left -= unit;
	}
	step(cd, out, NULL, &left);
}

/* Bytes of the character that s begins with, or 0. */
static size_t character(struct slice s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return n <= s.n && utf8_valid(slice_head(s, n)) ? n : 0;
}

/* What claims to be UTF-8. */
static void add_valid(struct buf *out, struct slice text)
{
	if (utf8_valid(text)) {
		buf_adds(out, text);
		return;
	}
	while (text.n > 0) {
		size_t n = character(text);

		buf_adds(out, n ? slice_head(text, n) : REPLACEMENT);
		text = slice_from(text, n ? n : 1);
	}
}

/* False: this system's iconv does not have it. */
static bool convert_from(const struct charset *charset, struct buf *out, struct slice text)
{
	iconv_t cd = converter_take(charset);
	struct buf utf8 = { 0 };

	if (cd == (iconv_t)-1)
		return false;
	convert(cd, unit_of(charset), &utf8, text);
	converter_give(charset, cd);
	add_valid(out, buf_slice(&utf8)); /* glibc's has surrogates and more in it */
	buf_done(&utf8);
	return true;
}

bool msg_charset_known(struct slice charset)
{
	return find(charset) != NULL;
}

bool msg_utf8(struct buf *out, struct slice charset, struct slice text)
{
	const struct charset *from = find(charset);
	bool ascii = !from || from == &charsets[ASCII];

	if (from == &charsets[UTF_8])
		add_valid(out, text);
	else if (ascii && utf8_valid(text))
		buf_adds(out, text);
	else if (ascii || !convert_from(from, out, text))
		convert_from(find(SLICE("windows-1252")), out, text);
	return from != NULL;
}
