/* zone.h - a DNS made up by a test, asked in place of the real one */
#ifndef TESTS_UNIT_ZONE_H
#define TESTS_UNIT_ZONE_H

#include "mailauth/ask.h"

struct zone_record;
struct zone {
	struct asker asker; /* give this to what is tested; zone_init makes it */
	struct zone_record *records;
	struct pool pool;
	unsigned asked; /* questions so far */
};

void zone_init(struct zone *zone);
void zone_done(struct zone *zone);

void zone_add(struct zone *zone, const char *name, int type, struct slice data);
void zone_txt(struct zone *zone, const char *name, const char *text);
void zone_cname(struct zone *zone, const char *name, const char *target);
/* Questions of that type are not answered; 0: of any type that has no record. */
void zone_timeout(struct zone *zone, const char *name, int type);

#endif
