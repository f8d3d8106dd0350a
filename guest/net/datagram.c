#include "internal.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct packet {
  uint8_t version, service;
  uint16_t length, id, fragment;
  uint8_t life, protocol;
  uint16_t sum;
  uint8_t from[4], to[4];
};

static uint16_t checksum(const uint8_t *bytes, size_t length) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < length; i += 2) sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons((uint16_t)~sum);
}

static struct packet packet(const struct endpoint *from, const struct endpoint *to, uint8_t protocol, size_t length) {
  struct packet head = {.version = 0x45, .life = 64, .protocol = protocol};
  head.length = htons((uint16_t)(sizeof head + length));
  memcpy(head.from, from->address.bytes + 12, 4);
  memcpy(head.to, to->address.bytes + 12, 4);
  return head;
}

static void inject(struct packet *head, struct iovec *parts, size_t count, const struct endpoint *to) {
  struct sockaddr_in target = {.sin_family = AF_INET};
  memcpy(&target.sin_addr, to->address.bytes + 12, 4);
  parts[0] = (struct iovec){head, sizeof *head};
  struct msghdr message = {
      .msg_name = &target, .msg_namelen = sizeof target, .msg_iov = parts, .msg_iovlen = count};
  sendmsg(inside.raw, &message, MSG_NOSIGNAL);
}

static void udp_head(uint16_t head[4], const struct endpoint *from, const struct endpoint *to, size_t length) {
  head[0] = htons(from->port);
  head[1] = htons(to->port);
  head[2] = htons((uint16_t)(8 + length));
  head[3] = 0; /* no checksum: it does not leave the machine */
}

void datagram_reply(const struct endpoint *from, const struct endpoint *to, const uint8_t *bytes, size_t length) {
  uint16_t udp[4];
  struct iovec parts[3];
  if (length > DATAGRAM_MAX - sizeof(struct packet) - sizeof udp) return;
  struct packet head = packet(from, to, IPPROTO_UDP, sizeof udp + length);
  udp_head(udp, from, to, length);
  parts[1] = (struct iovec){udp, sizeof udp};
  parts[2] = (struct iovec){(void *)bytes, length};
  inject(&head, parts, 3, to);
}

void datagram_unreachable(const struct endpoint *client, const struct endpoint *server) {
  uint8_t icmp[8 + sizeof(struct packet) + 8] = {3, 3};
  struct iovec parts[2];
  struct packet was = packet(client, server, IPPROTO_UDP, 8), head;
  was.sum = checksum((const uint8_t *)&was, sizeof was);
  memcpy(icmp + 8, &was, sizeof was);
  udp_head((uint16_t *)(void *)(icmp + 8 + sizeof was), client, server, 0);
  uint16_t sum = checksum(icmp, sizeof icmp);
  memcpy(icmp + 2, &sum, 2);
  head = packet(server, client, IPPROTO_ICMP, sizeof icmp);
  parts[1] = (struct iovec){icmp, sizeof icmp};
  inject(&head, parts, 2, client);
}
