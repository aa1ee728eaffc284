/* smime.h - the room's start */
#ifndef SMIME_SMIME_H
#define SMIME_SMIME_H

/* Have stored mail encrypted where rules ask for it. After store_open, before the
   first mail. */
void smime_start(void);

#endif
