/* fuzz_subject.c - what a request is to say of a domain: as it is kept, checked, written, shown */
#include <stdint.h>
#include <stdlib.h>

#include "core/text.h"
#include "pki/cert.h"
#include "pki/subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Each part that was taken is shown again, and forges no line. */
static void see(const struct subject *subject)
{
	struct buf der = { 0 }, text = { 0 }, part = { 0 };

	subject_name(subject, SLICE("alpha.test"), &der);
	cert_name_text(buf_slice(&der), &text);
	if (!utf8_valid(buf_slice(&text)))
		abort();
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ')
			abort();
	cert_name_part(buf_slice(&der), "CN", &part);
	if (subject->part[SUBJECT_CN] &&
	    !slice_eq(buf_slice(&part), slice_str(subject->part[SUBJECT_CN])))
		abort();
	buf_clear(&der);
	subject_alt_names(subject, &der);
	buf_done(&der);
	buf_done(&text);
	buf_done(&part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pool pool = { 0 };
	struct subject subject, again;
	struct buf kept = { 0 }, twice = { 0 };

	subject_read(slice_of(data, n), &pool, &subject);
	if (!subject.names)
		subject.names = "mail.alpha.test";
	if (subject_complete(&subject, SLICE("alpha.test"), &pool, NULL) == 0) {
		see(&subject);
		subject_write(&subject, &kept);
		subject_read(buf_slice(&kept), &pool, &again);
		subject_write(&again, &twice);
		if (!slice_eq(buf_slice(&kept), buf_slice(&twice)))
			abort();
	}
	buf_done(&kept);
	buf_done(&twice);
	pool_done(&pool);
	return 0;
}
