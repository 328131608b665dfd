/**
 * A radio in memory for the real zigbee2mqtt: preloaded with `node --require`, it replaces the adapter that would
 * talk to a coordinator on a serial port. The controller, the interview, the converters and MQTT are the real ones.
 *
 * The devices are those of devices.json. They answer ZDO and ZCL requests at once; what they do by themselves comes
 * as one JSON object a line on standard input:
 *   {"do": "join" | "leave" | "announce", "device": ieee}
 *   {"do": "wake", "device": ieee}      one that is "silent" in devices.json answers from now on
 *   {"do": "sleep", "device": ieee}     and one that is not answers no more
 *   {"do": "say", "device": ieee, "cluster": number, "data": hex of a ZCL frame}
 *   {"do": "unplug"}      the coordinator is gone
 * What they are told to do goes to standard output: told {"device": ieee, "command": name, "with": its parameters}
 *
 * Z2M_MODULES names the node_modules folder that zigbee2mqtt is installed in.
 */
"use strict";
const path = require("node:path");
const readline = require("node:readline");

const herdsman = path.join(process.env.Z2M_MODULES, "zigbee-herdsman", "dist");
const {Adapter} = require(path.join(herdsman, "adapter", "adapter.js"));
const Zcl = require(path.join(herdsman, "zspec", "zcl"));
const Zdo = require(path.join(herdsman, "zspec", "zdo"));
const DEVICES = require("./devices.json");

const COORDINATOR = {
    ieee: "0x00124b00aabbccdd",
    networkAddress: 0,
    manufacturerCode: 0,
    endpoints: [{id: 1, profile: 260, device: 5, in: [0, 10], out: [1280, 1281]}],
};
const LINK_QUALITY = 120;
const UNSUPPORTED_ATTRIBUTE = 0x86;
const TYPE = {uint8: 0x20, uint16: 0x21, bool: 0x10, enum8: 0x30, enum16: 0x31, bitmap16: 0x19, text: 0x42, ieee: 0xf0};

for (const [ieee, device] of Object.entries(DEVICES)) device.ieee = ieee;

function atNetworkAddress(networkAddress) {
    return [COORDINATOR, ...Object.values(DEVICES)].find((each) => each.networkAddress === networkAddress);
}

/** The attributes that a device has, as [ZCL type, value], by cluster and attribute. */
function attributes(device) {
    return {
        0: {
            0: [TYPE.uint8, 3],
            1: [TYPE.uint8, 1],
            2: [TYPE.uint8, 2],
            3: [TYPE.uint8, 1],
            4: [TYPE.text, device.manufacturerName],
            5: [TYPE.text, device.modelId],
            6: [TYPE.text, "20240101"],
            7: [TYPE.enum8, 3], // a battery
            0x4000: [TYPE.text, "1.0"],
        },
        6: {0: [TYPE.bool, 0]},
        1282: {0: [TYPE.uint16, 240]},
        1: {0x20: [TYPE.uint8, 30], 0x21: [TYPE.uint8, 200]},
        1280: {
            0: [TYPE.enum8, 1], // enrolled, whoever asks
            1: [TYPE.enum16, 0x15],
            2: [TYPE.bitmap16, 0],
            0x10: [TYPE.ieee, device.zoneOwner ?? "0x0000000000000000"],
        },
    };
}

/** What a device answers to a foundation command, or undefined for a plain default response. */
function answer(device, frame) {
    const known = attributes(device)[frame.cluster.ID] ?? {};
    const asked = frame.payload;
    switch (frame.command.name) {
        case "read":
            return asked.map(({attrId}) => {
                if (!known[attrId]) return {attrId, status: UNSUPPORTED_ATTRIBUTE};
                const [dataType, attrData] = known[attrId];
                return {attrId, status: 0, dataType, attrData};
            });
        case "write":
            for (const {attrId, attrData} of asked) {
                if (frame.cluster.ID === 1280 && attrId === 0x10) device.zoneOwner = attrData;
            }
            return [{status: 0}];
        case "configReport":
            return [{status: 0}];
        default:
            return undefined;
    }
}

class InMemory extends Adapter {
    async start() {
        readline.createInterface({input: process.stdin}).on("line", (line) => this.obey(JSON.parse(line)));
        return "resumed";
    }
    async stop() {}
    async getCoordinatorIEEE() {
        return COORDINATOR.ieee;
    }
    async getCoordinatorVersion() {
        return {type: "in memory", meta: {}};
    }
    async reset() {}
    async supportsBackup() {
        return false;
    }
    async getNetworkParameters() {
        return {panID: 6754, extendedPanID: "0xdddddddddddddddd", channel: 11, nwkUpdateID: 0};
    }
    async permitJoin() {}
    async addInstallCode() {}
    waitFor() {
        return {promise: new Promise(() => {}), cancel: () => {}};
    }

    obey({do: verb, device: ieee, cluster, data}) {
        const device = DEVICES[ieee];
        if (verb === "join") this.emit("deviceJoined", {networkAddress: device.networkAddress, ieeeAddr: ieee});
        if (verb === "announce") {
            const said = {nwkAddress: device.networkAddress, eui64: ieee, capabilities: {}};
            this.emit("zdoResponse", Zdo.ClusterId.END_DEVICE_ANNOUNCE, [0, said]);
        }
        if (verb === "wake" || verb === "sleep") device.silent = verb === "sleep";
        if (verb === "leave") this.emit("deviceLeave", {networkAddress: device.networkAddress, ieeeAddr: ieee});
        if (verb === "say") this.emit("zclPayload", this.heard(device, 1, cluster, Buffer.from(data, "hex")));
        if (verb === "unplug") this.emit("disconnected");
    }

    heard(device, endpoint, clusterID, data) {
        return {
            clusterID,
            data,
            header: Zcl.Header.fromBuffer(data),
            address: device.networkAddress,
            endpoint,
            linkquality: LINK_QUALITY,
            groupID: 0,
            wasBroadcast: false,
            destinationEndpoint: 1,
        };
    }

    async sendZdo(_ieee, networkAddress, clusterId, payload) {
        const device = atNetworkAddress(networkAddress);
        if (!device) throw new Error(`nobody has the address ${networkAddress}`);
        if (device.silent) throw new Error(`${device.ieee} does not answer`);
        const {ClusterId} = Zdo;
        switch (clusterId) {
            case ClusterId.NODE_DESCRIPTOR_REQUEST:
                return [
                    0,
                    {
                        nwkAddress: networkAddress,
                        logicalType: device === COORDINATOR ? 0 : 2,
                        manufacturerCode: device.manufacturerCode,
                        serverMask: {stackComplianceRevision: 22},
                    },
                ];
            case ClusterId.ACTIVE_ENDPOINTS_REQUEST:
                return [0, {nwkAddress: networkAddress, endpointList: device.endpoints.map((each) => each.id)}];
            case ClusterId.SIMPLE_DESCRIPTOR_REQUEST: {
                const wanted = payload[payload.length - 1];
                const endpoint = device.endpoints.find((each) => each.id === wanted);
                return [
                    0,
                    {
                        nwkAddress: networkAddress,
                        endpoint: endpoint.id,
                        profileId: endpoint.profile,
                        deviceId: endpoint.device,
                        deviceVersion: 0,
                        inClusterList: endpoint.in,
                        outClusterList: endpoint.out,
                    },
                ];
            }
            case ClusterId.IEEE_ADDRESS_REQUEST:
                return [0, {eui64: device.ieee, nwkAddress: networkAddress, startIndex: 0, assocDevList: []}];
            default:
                return [0, undefined]; // bind, leave: done
        }
    }

    async sendZclFrameToEndpoint(_ieee, networkAddress, endpoint, frame, _timeout, disableResponse) {
        const device = atNetworkAddress(networkAddress);
        if (device.silent) throw new Error(`${device.ieee} does not answer`);
        const {SERVER_TO_CLIENT} = Zcl.Direction;
        const {transactionSequenceNumber, manufacturerCode, isGlobal} = frame.header;
        if (frame.command.name === "defaultRsp") return undefined; // a device does not answer an answer
        if (!isGlobal) {
            const {name} = frame.command;
            console.log(`told ${JSON.stringify({device: device.ieee, command: name, with: frame.payload})}`);
        }
        const said = isGlobal ? answer(device, frame) : undefined;
        if (said === undefined && disableResponse) return undefined;
        const reply = Zcl.Frame.create(
            Zcl.FrameType.GLOBAL,
            SERVER_TO_CLIENT,
            true,
            manufacturerCode,
            transactionSequenceNumber,
            said === undefined ? "defaultRsp" : frame.command.name === "configReport" ? "configReportRsp" : `${frame.command.name}Rsp`,
            frame.cluster.ID,
            said ?? {cmdId: frame.command.ID, statusCode: 0},
            {},
        );
        const payload = this.heard(device, endpoint, frame.cluster.ID, reply.toBuffer());
        setImmediate(() => this.emit("zclPayload", payload)); // a radio tells of every frame, answers too
        return payload;
    }
    async sendZclFrameToGroup() {}
    async sendZclFrameToAll() {}
    async setChannelInterPAN() {}
    async sendZclFrameInterPANToIeeeAddr() {}
    async sendZclFrameInterPANBroadcast() {}
    async restoreChannelInterPAN() {}
}

Adapter.create = async (...options) => new InMemory(...options);
