/* proxy.c - headers of the PROXY protocol: version 1 is a line, version 2 binary
 *
 * Sections named here are those of proxy-protocol.txt. */
#include "core/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>

#include "core/num.h"

enum {
	LINE_MIN = 15,	 /* "PROXY UNKNOWN\r\n" */
	LINE_MAX_ = 107, /* 2.1, with its end */
	FIXED = 16,	 /* 2.2: what every header of version 2 has */
};

static const struct slice line_start = { "PROXY ", 6 };
static const struct slice signature = { "\r\n\r\n\0\r\nQUIT\n", 12 };

static bool begins(struct slice bytes, struct slice start)
{
	size_t n = bytes.n < start.n ? bytes.n : start.n;

	return slice_eq(slice_head(bytes, n), slice_head(start, n));
}

static enum proxy_result bad(const char **why, const char *words)
{
	*why = words;
	return PROXY_BAD;
}

static unsigned get16(const char *p)
{
	return (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

size_t proxy_wants(struct slice so_far)
{
	if (so_far.n < LINE_MIN)
		return LINE_MIN - so_far.n;
	if (begins(so_far, line_start))
		return 1;
	if (so_far.n < FIXED)
		return FIXED - so_far.n;
	size_t whole = FIXED + get16(so_far.p + 14);
	return so_far.n < whole ? whole - so_far.n : 1;
}

/* --- version 1 --- */

/* An address of that family in its usual form; with a port when one is given. */
static bool set_address(struct sockaddr_storage *out, int family, struct slice text, unsigned port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	char z[INET6_ADDRSTRLEN] = "";

	memset(out, 0, sizeof(*out));
	if (text.n == 0 || text.n >= sizeof(z) || slice_chr(text, '\0') >= 0)
		return false;
	memcpy(z, text.p, text.n);
	out->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		four->sin_port = htons((uint16_t)port);
		return inet_pton(AF_INET, z, &four->sin_addr) == 1;
	}
	six->sin6_port = htons((uint16_t)port);
	return inet_pton(AF_INET6, z, &six->sin6_addr) == 1;
}

/* 2.1: no zero in front, at most 65535. */
static bool take_port(struct slice text, uint32_t *port)
{
	return num_u32(text, port) && *port <= 65535 && (text.n == 1 || text.p[0] != '0');
}

static enum proxy_result read_words(struct slice words, struct proxy *out, const char **why)
{
	struct slice kind = slice_cut(&words, ' ');
	int family = slice_eq(kind, SLICE("TCP4")) ? AF_INET
	    : slice_eq(kind, SLICE("TCP6"))	   ? AF_INET6
						   : AF_UNSPEC;
	uint32_t from, to;

	out->own = slice_eq(kind, SLICE("UNKNOWN")); /* what follows is of no interest */
	if (out->own)
		return PROXY_DONE;
	if (family == AF_UNSPEC)
		return bad(why, "neither TCP4 nor TCP6 nor UNKNOWN");
	struct slice peer = slice_cut(&words, ' '), local = slice_cut(&words, ' ');
	if (!take_port(slice_cut(&words, ' '), &from) || !take_port(words, &to))
		return bad(why, "a port that is none");
	if (!set_address(&out->peer, family, peer, from) ||
	    !set_address(&out->local, family, local, to))
		return bad(why, "an address that is none");
	return PROXY_DONE;
}

static enum proxy_result read_line(struct slice line, struct proxy *out, const char **why)
{
	bool ended = line.n >= LINE_MIN && line.p[line.n - 1] == '\n';

	if (!ended && line.n >= LINE_MAX_)
		return bad(why, "a line that is too long");
	if (!ended)
		return PROXY_MORE;
	if (line.p[line.n - 2] != '\r')
		return bad(why, "a line that does not end in CR LF");
	struct slice words = slice_from(slice_head(line, line.n - 2), line_start.n);
	if (slice_chr(words, '\r') >= 0 || slice_chr(words, '\n') >= 0)
		return bad(why, "more than one line");
	return read_words(words, out, why);
}

/* --- version 2 --- */

static uint32_t crc32c(uint32_t crc, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		crc ^= (unsigned char)bytes.p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

/* 2.2.4: over the whole header, with the sum itself taken as zero. */
static bool sum_is_right(struct slice header, struct slice sum)
{
	size_t at = (size_t)(sum.p - header.p);
	uint32_t crc = crc32c(0xffffffff, slice_head(header, at));

	crc = crc32c(crc, SLICE("\0\0\0\0"));
	crc = ~crc32c(crc, slice_from(header, at + sum.n));
	return crc == num_get32((const unsigned char *)sum.p);
}

/* 2.2: type, length in two bytes, value; they fill the header. */
static bool extras_are_fine(struct slice header, struct slice extras)
{
	enum { SUM = 3 };

	while (extras.n > 0) {
		if (extras.n < 3 || extras.n - 3 < get16(extras.p + 1))
			return false;
		struct slice value = slice_of(extras.p + 3, get16(extras.p + 1));
		if (extras.p[0] == SUM && (value.n != 4 || !sum_is_right(header, value)))
			return false;
		extras = slice_from(extras, 3 + value.n);
	}
	return true;
}

static void set_bytes(
    struct sockaddr_storage *out, int family, const char *address, const char *port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		memcpy(&four->sin_addr, address, 4);
		memcpy(&four->sin_port, port, 2);
	} else {
		memcpy(&six->sin6_addr, address, 16);
		memcpy(&six->sin6_port, port, 2);
	}
}

/* Both addresses, then both ports; how long all of it is. */
static size_t take_addresses(struct slice data, int family, struct proxy *out)
{
	size_t n = family == AF_INET ? 4 : 16;

	if (data.n < 2 * n + 4)
		return 0;
	set_bytes(&out->peer, family, data.p, data.p + 2 * n);
	set_bytes(&out->local, family, data.p + n, data.p + 2 * n + 2);
	return 2 * n + 4;
}

static enum proxy_result read_data(struct slice header, struct proxy *out, const char **why)
{
	enum { LOCAL = 0x20, PROXY = 0x21, NONE = 0x00, TCP4 = 0x11, TCP6 = 0x21, UNIX = 0x31 };
	enum { UNIX_BYTES = 216 };
	unsigned char command = (unsigned char)header.p[12], kind = (unsigned char)header.p[13];
	struct slice data = slice_from(header, FIXED);
	size_t taken = 0;

	if (command != LOCAL && command != PROXY)
		return bad(why, "another version or command");
	out->own = command == LOCAL || kind == NONE || kind == UNIX;
	if (command == LOCAL || kind == NONE)
		return PROXY_DONE; /* 2.2: what follows is to be skipped */
	if (kind == TCP4 || kind == TCP6)
		taken = take_addresses(data, kind == TCP4 ? AF_INET : AF_INET6, out);
	else if (kind == UNIX && data.n >= UNIX_BYTES)
		taken = UNIX_BYTES;
	if (taken == 0)
		return bad(why, "an address of another kind or length");
	if (!extras_are_fine(header, slice_from(data, taken)))
		return bad(why, "an extension that is malformed, or a wrong checksum");
	return PROXY_DONE;
}

static enum proxy_result read_binary(struct slice header, struct proxy *out, const char **why)
{
	if (header.n < FIXED)
		return PROXY_MORE;
	size_t whole = FIXED + get16(header.p + 14);
	if (whole > PROXY_MAX)
		return bad(why, "a header that is too long");
	return header.n < whole ? PROXY_MORE : read_data(header, out, why);
}

enum proxy_result proxy_read(struct slice header, struct proxy *out, const char **why)
{
	*out = (struct proxy){ 0 };
	if (header.n == 0)
		return PROXY_MORE;
	if (begins(header, line_start))
		return read_line(header, out, why);
	if (begins(header, signature))
		return read_binary(header, out, why);
	return bad(why, "no header of the PROXY protocol");
}
