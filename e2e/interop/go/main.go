// Two peers of go-libp2p meet through a relay of ours: WebSocket, Noise, yamux and circuit-relay-v2, each as go-libp2p has it.
//
//	interop MULTIADDR        one JSON line of what was seen; ends with 1 when anything is not as it should be
//
//	receiver ── reserve ──► relay ◄── connect ── caller        1 KiB there and back; then more than a relayed connection may carry
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/p2p/host/blank"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	tptu "github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/websocket"
	"github.com/multiformats/go-multiaddr"
)

const (
	echo     = "/sotto/interop/echo/1"
	patience = 60 * time.Second
)

// Told is what was seen.
type Told struct {
	Echoed   int     `json:"echoed"`
	Limit    uint64  `json:"limitBytes"`
	Duration float64 `json:"limitSeconds"`
	Lasts    float64 `json:"reservedSeconds"`
	Beyond   int     `json:"echoedBeyond"`
	Gone     bool    `json:"refusedWhenGone"`
	Millis   int64   `json:"millis"`
}

// newHost makes a peer that dials and does not listen, but through relays.
func newHost() (host.Host, error) {
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return nil, err
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return nil, err
	}
	known, err := pstoremem.NewPeerstore()
	if err != nil {
		return nil, err
	}
	if err := known.AddPrivKey(id, key); err != nil {
		return nil, err
	}
	muxers := []tptu.StreamMuxer{{ID: yamux.ID, Muxer: yamux.DefaultTransport}}
	secure, err := noise.New(noise.ID, key, muxers)
	if err != nil {
		return nil, err
	}
	net, err := swarm.NewSwarm(id, known, eventbus.NewBus())
	if err != nil {
		return nil, err
	}
	upgrader, err := tptu.New([]sec.SecureTransport{secure}, muxers, nil, nil, nil)
	if err != nil {
		return nil, err
	}
	sockets, err := websocket.New(upgrader, nil, nil)
	if err != nil {
		return nil, err
	}
	if err := net.AddTransport(sockets); err != nil {
		return nil, err
	}
	own := blankhost.NewBlankHost(net)
	return own, client.AddTransport(own, upgrader)
}

// talk opens a stream to the receiver, sends so many bytes and counts those that come back right.
func talk(ctx context.Context, caller host.Host, to peer.ID, count int) (int, error) {
	stream, err := caller.NewStream(network.WithAllowLimitedConn(ctx, "interop"), to, echo)
	if err != nil {
		return 0, err
	}
	defer stream.Reset()
	if err := stream.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	sent := make([]byte, count)
	if _, err := rand.Read(sent); err != nil {
		return 0, err
	}
	go func() {
		if _, err := stream.Write(sent); err == nil {
			stream.CloseWrite()
		}
	}()
	got, err := io.ReadAll(stream)
	if !bytes.HasPrefix(sent, got) {
		return 0, fmt.Errorf("the echo is another")
	}
	return len(got), err
}

func meet(address string) (*Told, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	defer cancel()
	begin := time.Now()
	at, err := multiaddr.NewMultiaddr(address)
	if err != nil {
		return nil, err
	}
	relay, err := peer.AddrInfoFromP2pAddr(at)
	if err != nil {
		return nil, err
	}
	receiver, err := newHost()
	if err != nil {
		return nil, err
	}
	caller, err := newHost()
	if err != nil {
		return nil, err
	}
	defer caller.Close()
	receiver.SetStreamHandler(echo, func(stream network.Stream) {
		io.Copy(stream, stream)
		stream.CloseWrite()
	})
	if err := receiver.Connect(ctx, *relay); err != nil {
		return nil, fmt.Errorf("receiver connects: %w", err)
	}
	reserved, err := client.Reserve(ctx, receiver, *relay)
	if err != nil {
		return nil, fmt.Errorf("reserve: %w", err)
	}
	through, err := multiaddr.NewMultiaddr(address + "/p2p-circuit")
	if err != nil {
		return nil, err
	}
	caller.Peerstore().AddAddr(receiver.ID(), through, peerstore.PermanentAddrTTL)
	if err := caller.Connect(ctx, *relay); err != nil {
		return nil, fmt.Errorf("caller connects: %w", err)
	}
	dial := network.WithAllowLimitedConn(ctx, "interop")
	if err := caller.Connect(dial, peer.AddrInfo{ID: receiver.ID(), Addrs: []multiaddr.Multiaddr{through}}); err != nil {
		return nil, fmt.Errorf("caller connects to receiver: %w", err)
	}
	told := &Told{Limit: reserved.LimitData, Duration: reserved.LimitDuration.Seconds(), Lasts: time.Until(reserved.Expiration).Seconds()}
	if told.Echoed, err = talk(ctx, caller, receiver.ID(), 1024); err != nil {
		return nil, fmt.Errorf("echo: %w", err)
	}
	if told.Beyond, err = talk(ctx, caller, receiver.ID(), int(4*reserved.LimitData)); err == nil {
		return nil, fmt.Errorf("%d bytes were relayed although the limit is %d", told.Beyond, told.Limit)
	}
	// Whoever has gone has no reservation any more.
	receiver.Close()
	caller.Network().ClosePeer(receiver.ID())
	for end := time.Now().Add(patience); !told.Gone && time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		swarmed, _ := caller.Network().(*swarm.Swarm)
		swarmed.Backoff().Clear(receiver.ID())
		told.Gone = caller.Connect(dial, peer.AddrInfo{ID: receiver.ID(), Addrs: []multiaddr.Multiaddr{through}}) != nil
	}
	told.Millis = time.Since(begin).Milliseconds()
	return told, nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: interop MULTIADDR")
		os.Exit(64)
	}
	told, err := meet(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(told)
}
