/* dmarc_report.h - what domains are told of mail in their name: reports of a day (RFC 7489 7.2)
 *
 *	dmarc_report.c		counts what came, as a tally (storage/tally.h) of each
 *				domain that publishes where its reports go
 *	dmarc_report_xml.c	writes the report of a domain's day
 *	dmarc_report_send.c	sends it by mail once the day is over; operations */
#ifndef PROTOCOLS_SMTP_DMARC_REPORT_H
#define PROTOCOLS_SMTP_DMARC_REPORT_H

#include "mailauth/results.h"
#include "protocols/smtp/smtp.h"
#include "storage/notice.h"
#include "storage/tally.h"

extern const char dmarc_room[];

/* Count a message; action: what is done with it. */
void dmarc_report_count(struct smtp *smtp, const struct results *results, enum dmarc_policy action);

/* A line of a tally: what messages that are alike have in common. Words parted by tabs, in
   this order. */
enum dmarc_word {
	DMARC_WORD_ADDRESS,
	DMARC_WORD_ACTION,
	DMARC_WORD_DKIM, /* pass or fail, aligned */
	DMARC_WORD_SPF,
	DMARC_WORD_REASON, /* or empty */
	DMARC_WORD_FROM,   /* domains */
	DMARC_WORD_ENVELOPE,
	DMARC_WORD_SPF_DOMAIN,
	DMARC_WORD_SPF_SCOPE,
	DMARC_WORD_SPF_RESULT,
	DMARC_WORD_SIGNATURES, /* "DOMAIN SELECTOR RESULT," each */
	DMARC_WORDS,
};
void dmarc_line_read(struct slice line, struct slice words[DMARC_WORDS]);

/* Append the report on all of that day and domain. 0, or -1: it cannot be read. */
int dmarc_report_xml(const struct notice_head *head, struct buf *out);

#endif
