/** Fills the disk of a box with what a change of owners could spoil: owners, a directory that hides another, a deletion. */
export const fillDisk = `mkdir /data; echo mine > /data/file; chown 12:34 /data; chown 1000:65534 /data/file
  rm -r /home; mkdir /home; echo new > /home/new; rm /etc/passwd`;

/** Shows that again. */
export const lookAtDisk =
  'stat -c %u:%g / /data /data/file /bin; cat /data/file; ls -A /home; test -e /etc/passwd || echo gone';

/** What it then shows. */
export const filledDisk = '0:0\n12:34\n1000:65534\n0:0\nmine\nnew\ngone\n';
