/* domain_dns.c - what a domain should publish in the DNS */
#include "pki/domain_dns.h"

#include "core/digest.h"
#include "core/server_name.h"
#include "core/text.h"
#include "pki/cert.h"
#include "pki/domainkey.h"
#include "pki/pki_private.h"
#include "pki/sts_own.h"
#include "storage/dir.h"

enum { STRING_MAX = 255 };

struct list {
	struct pool *pool;
	struct record *first, **last;
	const char *domain, *host;
};

static void add(struct list *list, enum record_kind kind, const char *name, const char *value,
    const char *about)
{
	struct record *record = pool_get(list->pool, sizeof(*record));

	*record = (struct record){ .kind = kind, .name = name, .value = value, .about = about };
	*list->last = record;
	list->last = &record->next;
}

static const char *below(const struct list *list, const char *label)
{
	return pool_printf(list->pool, "%s.%s", label, list->domain);
}

/* --- which records --- */

static void add_mail(struct list *list)
{
	add(list, RECORD_MX, list->domain, pool_printf(list->pool, "10 %s.", list->host),
	    "where its mail goes");
	add(list, RECORD_HOST, list->host, "",
	    "this server: A and AAAA, and a PTR that leads back");
	add(list, RECORD_SPF, list->domain, "v=spf1 mx -all", "who sends for it (SPF)");
	if (!slice_ieq(slice_str(list->host), slice_str(list->domain)))
		add(list, RECORD_SPF, list->host, "v=spf1 a -all",
		    "for notifications, without a sender");
}

static bool add_key(void *arg, const struct domainkey *key)
{
	struct list *list = arg;
	struct buf name = { 0 }, text = { 0 };

	if (key->state == DOMAINKEY_OLD)
		return true;
	domainkey_name(key, &name);
	domainkey_text(key, &text);
	add(list, RECORD_DKIM, pool_str(list->pool, buf_slice(&name)),
	    pool_str(list->pool, buf_slice(&text)),
	    key->state == DOMAINKEY_ACTIVE ? "signs its mail (DKIM)"
					   : "is to sign its mail (DKIM)");
	buf_done(&name);
	buf_done(&text);
	return true;
}

/* RFC 8461 3.1, 3.3 */
static void add_sts(struct list *list)
{
	struct slice domain = slice_str(list->domain), text, id;

	if (!sts_own(domain, list->pool, &text, &id))
		return;
	add(list, RECORD_STS, below(list, "_mta-sts"),
	    pool_printf(list->pool, "v=STSv1; id=%.*s", SLICE_ARG(id)),
	    "that others insist on TLS (MTA-STS)");
	add(list, RECORD_CNAME, below(list, "mta-sts"), pool_printf(list->pool, "%s.", list->host),
	    "where that policy is");
	add(list, RECORD_NAMED, below(list, "mta-sts"),
	    sts_own_is_named(domain, list->pool) ? "in the certificate" : "",
	    "the domain's certificate must be for that name as well");
}

static void add_policies(struct list *list)
{
	add(list, RECORD_DMARC, below(list, "_dmarc"),
	    pool_printf(
		list->pool, "v=DMARC1; p=quarantine; rua=mailto:postmaster@%s", list->domain),
	    "what becomes of mail that only says it is from there (DMARC)");
	add(list, RECORD_NOTE, below(list, "_smtp._tls"),
	    pool_printf(list->pool, "v=TLSRPTv1; rua=mailto:postmaster@%s", list->domain),
	    "where others report that TLS failed (RFC 8460)");
	add_sts(list);
}

/* RFC 7672 3.1: DANE-EE, of the key alone, so that a certificate may be renewed. */
static void add_tlsa(struct list *list)
{
	unsigned char digest[DIGEST_SIZE];
	struct buf der = { 0 }, hex = { 0 };
	struct cert cert;
	struct slice rest;

	if (pki_domain_leaf(slice_str(list->domain), &der) == 1) {
		rest = buf_slice(&der);
		if (cert_next(&rest, &cert)) {
			digest_sha256(cert.public_info, digest);
			hex_put(&hex, slice_of(digest, sizeof(digest)));
			add(list, RECORD_TLSA, pool_printf(list->pool, "_25._tcp.%s", list->host),
			    pool_printf(list->pool, "3 1 1 %.*s", SLICE_ARG(buf_slice(&hex))),
			    "its key, if the zone is signed (DANE)");
		}
	}
	buf_done(&der);
	buf_done(&hex);
}

/* RFC 6186, RFC 8314 5.1, RFC 6120 3.2.1, RFC 5804 1.8, XEP-0368 */
static void add_services(struct list *list)
{
	static const struct {
		const char *name;
		unsigned port;
		const char *about;
	} services[] = {
		{ "_imaps._tcp", 993, "for mail programs" },
		{ "_submissions._tcp", 465, "for mail programs" },
		{ "_pop3s._tcp", 995, "for mail programs" },
		{ "_sieve._tcp", 4190, "for editors of rules" },
		{ "_xmpp-client._tcp", 5222, "for chat" },
		{ "_xmpps-client._tcp", 5223, "for chat" },
	};

	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++)
		add(list, RECORD_SRV, below(list, services[i].name),
		    pool_printf(list->pool, "0 1 %u %s.", services[i].port, list->host),
		    services[i].about);
	add(list, RECORD_CNAME, below(list, "autoconfig"),
	    pool_printf(list->pool, "%s.", list->host), "mail programs set themselves up there");
	add(list, RECORD_CNAME, below(list, "autodiscover"),
	    pool_printf(list->pool, "%s.", list->host), "mail programs set themselves up there");
}

int domain_records(struct slice domain, struct pool *pool, struct record **out, struct err *err)
{
	struct list list = { .pool = pool, .domain = pool_str(pool, domain) };

	list.last = &list.first;
	list.host = server_name(pool);
	add_mail(&list);
	if (domainkey_each(domain, add_key, &list) != 0)
		return err_set(err, ERR_TEMP, "the keys of the domain cannot be read");
	add_policies(&list);
	add_tlsa(&list);
	add_services(&list);
	*out = list.first;
	return 0;
}

/* --- as a zone file --- */

const char *record_type(const struct record *record)
{
	static const char *const types[] = {
		[RECORD_HOST] = "A",
		[RECORD_MX] = "MX",
		[RECORD_SPF] = "TXT",
		[RECORD_DKIM] = "TXT",
		[RECORD_DMARC] = "TXT",
		[RECORD_NOTE] = "TXT",
		[RECORD_TLSA] = "TLSA",
		[RECORD_SRV] = "SRV",
		[RECORD_CNAME] = "CNAME",
		[RECORD_STS] = "TXT",
		[RECORD_NAMED] = "certificate",
	};

	return types[record->kind];
}

/* Strings of 255 bytes at most (RFC 1035 3.3.14). */
static void put_strings(struct slice text, struct buf *out)
{
	if (text.n <= STRING_MAX) {
		buf_printf(out, "\"%.*s\"", SLICE_ARG(text));
		return;
	}
	buf_addz(out, "(");
	for (; text.n > 0; text = slice_from(text, STRING_MAX))
		buf_printf(out, "\n\t\"%.*s\"", SLICE_ARG(slice_head(text, STRING_MAX)));
	buf_addz(out, " )");
}

static void write_record(const struct record *record, struct buf *out)
{
	if (record->kind == RECORD_HOST) {
		buf_printf(out, "; %s. A and AAAA: the addresses of this server\n", record->name);
		return;
	}
	if (record->kind == RECORD_NAMED) {
		buf_printf(out, "; %s. is %s\n", record->name,
		    *record->value ? record->value : "MISSING in the certificate");
		return;
	}
	buf_printf(out, "%s.\t3600 IN %s ", record->name, record_type(record));
	if (strcmp(record_type(record), "TXT") == 0)
		put_strings(slice_str(record->value), out);
	else
		buf_addz(out, record->value);
	buf_addc(out, '\n');
}

void domain_records_write(struct slice domain, const struct record *records, struct buf *out)
{
	const char *about = "";

	buf_printf(out, "; what %.*s should publish\n", SLICE_ARG(domain));
	for (; records; records = records->next) {
		if (strcmp(about, records->about) != 0)
			buf_printf(out, "\n; %s\n", records->about);
		about = records->about;
		write_record(records, out);
	}
}
