# The image of the pipe: Node, one bundled file, CA certificates and a docker CLI, on nothing.
# `npm run image` makes the bundle first; nothing is downloaded here but the two base images.
FROM docker:28-cli AS cli

FROM node:26-trixie AS files
COPY --from=cli /usr/local/bin/docker /image/opt/packages-pull/bin/docker
RUN set -eu; \
    cd /image; \
    mkdir -p usr/local/bin etc/ssl/certs; \
    mkdir -m 1777 tmp; \
    mkdir -m 700 root; \
    strip -o usr/local/bin/node /usr/local/bin/node; \
    cp -L /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/; \
    echo 'root:x:0:0:root:/root:/sbin/nologin' > etc/passwd; \
    echo 'root:x:0:' > etc/group; \
    echo 'hosts: files dns' > etc/nsswitch.conf; \
    # The CLI may be linked statically, which `ldd` reports as a failure.
    for program in usr/local/bin/node opt/packages-pull/bin/docker; do ldd "$program" || :; done \
      | sed -nE 's/^.*[[:space:]](\/[^ ]+) \(0x.*$/\1/p' | sort -u > /libraries; \
    xargs cp -L --parents -t . < /libraries; \
    # What is copied keeps its notices: of Node, and of the Debian packages that the libraries are from.
    mkdir -p usr/share/doc/node usr/share/doc/docker-cli usr/share/common-licenses; \
    cp /usr/local/LICENSE usr/share/doc/node/; \
    { echo ca-certificates; xargs readlink -f < /libraries | xargs dpkg-query -S | sed 's/:.*//'; } | sort -u \
      | while read -r package; do echo "/usr/share/doc/$package/copyright"; done | xargs cp -L --parents -t .; \
    { echo Apache-2.0; sed -nE 's/^.*common-licenses\/([A-Za-z]+(-[0-9.]*[0-9])?).*$/\1/p' usr/share/doc/*/copyright; } | sort -u \
      | while read -r license; do cp -L "/usr/share/common-licenses/$license" usr/share/common-licenses/; done
# The docker CLI is under Apache-2.0, whose text the step above copied.
COPY licenses/docker-cli.NOTICE /image/usr/share/doc/docker-cli/NOTICE

# What V8 made of the program when it ran once, on its way to an engine that is not there: without it each
# start of the pipe would compile it again.
COPY dist/pipe.mjs /opt/packages-pull/pipe.mjs
RUN NODE_COMPILE_CACHE=/image/opt/packages-pull/compile-cache DOCKER_HOST=none://none \
      IMAGE=127.0.0.1:1/none/none:1 MAX_ATTEMPTS=1 node /opt/packages-pull/pipe.mjs || test $? = 9

FROM scratch
ARG VERSION=development
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="Packages Pull" \
      org.opencontainers.image.description="Delivers private images of Bitbucket Packages into a step's Docker engine" \
      org.opencontainers.image.licenses="MIT AND Apache-2.0 AND BlueOak-1.0.0 AND ISC AND MPL-2.0 AND LGPL-2.1-or-later AND GPL-3.0-or-later WITH GCC-exception-3.1" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=files /image /
COPY LICENSE dist/THIRD-PARTY.txt /usr/share/doc/packages-pull/
COPY dist/pipe.mjs /opt/packages-pull/pipe.mjs
# The platform mounts its own CLI over /usr/local/bin/docker, hence the other path. The CA certificates are
# those of the base image; a user adds to them with NODE_EXTRA_CA_CERTS.
ENV PATH=/opt/packages-pull/bin:/usr/local/bin \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    NODE_OPTIONS="--use-openssl-ca --max-semi-space-size=1" \
    NODE_COMPILE_CACHE=/opt/packages-pull/compile-cache
# The storage folders that Bitbucket gives to a pipe are writable by root only.
USER root
ENTRYPOINT ["/usr/local/bin/node", "/opt/packages-pull/pipe.mjs"]
