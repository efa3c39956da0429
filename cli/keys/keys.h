/* What maxkeys and maxpasswd share: the folder of the key file when none is named. */
#ifndef KEYS_KEYS_H
#define KEYS_KEYS_H

/* <base>/var/lib/maxscale when the program lies in <base>/bin and that exists, else the packaged
 * one; free() it. */
char *keys_default_folder(void);

#endif
